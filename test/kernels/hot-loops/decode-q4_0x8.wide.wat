  loop $for-loop|0
   local.get $0
   local.get $21
   i32.lt_u
   if
    local.get $21
    local.get $0
    i32.const 192
    i32.add
    i32.gt_u
    if
     local.get $0
     i32.load
     drop
     local.get $0
     i32.load offset=64
     drop
     local.get $0
     i32.load offset=128
     drop
    end
    local.get $0
    local.get $23
    i32.add
    local.set $0
    br $for-loop|0
   end
  end

       loop $for-loop|3
        local.get $0
        local.get $21
        i32.lt_u
        if
         local.get $21
         local.get $0
         i32.const 4096
         i32.add
         i32.const -4096
         i32.and
         local.tee $4
         i32.const 192
         i32.add
         i32.gt_u
         if
          local.get $4
          i32.load
          drop
          local.get $4
          i32.load offset=64
          drop
          local.get $4
          i32.load offset=128
          drop
         end
         local.get $0
         local.get $23
         i32.add
         local.set $0
         br $for-loop|3
        end
       end

        loop $for-loop|5
         local.get $9
         local.get $31
         i32.lt_u
         if
          local.get $9
          v128.load32_splat offset=12
          local.tee $36
          local.get $8
          v128.load offset=112
          local.tee $33
          local.get $18
          v128.and
          local.get $9
          v128.load32_splat offset=8
          local.tee $37
          local.get $8
          v128.load offset=80
          local.tee $34
          local.get $18
          v128.and
          local.get $9
          v128.load32_splat offset=4
          local.tee $38
          local.get $8
          v128.load offset=48
          local.tee $35
          local.get $18
          v128.and
          local.get $9
          v128.load32_splat
          local.tee $39
          local.get $8
          v128.load offset=16
          local.tee $40
          local.get $18
          v128.and
          v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000
          i32x4.relaxed_dot_i8x16_i7x16_add_s
          i32x4.relaxed_dot_i8x16_i7x16_add_s
          i32x4.relaxed_dot_i8x16_i7x16_add_s
          i32x4.relaxed_dot_i8x16_i7x16_add_s
          local.get $9
          v128.load32_splat offset=28
          local.tee $32
          local.get $33
          local.get $19
          v128.and
          local.get $9
          v128.load32_splat offset=24
          local.tee $41
          local.get $34
          local.get $19
          v128.and
          local.get $9
          v128.load32_splat offset=20
          local.tee $42
          local.get $35
          local.get $19
          v128.and
          local.get $9
          v128.load32_splat offset=16
          local.tee $43
          local.get $40
          local.get $19
          v128.and
          v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000
          i32x4.relaxed_dot_i8x16_i7x16_add_s
          i32x4.relaxed_dot_i8x16_i7x16_add_s
          i32x4.relaxed_dot_i8x16_i7x16_add_s
          i32x4.relaxed_dot_i8x16_i7x16_add_s
          i32.const 4
          i32x4.shr_s
          i32x4.add
          local.get $12
          v128.load32_splat
          i32.const 3
          i32x4.shl
          local.tee $40
          i32x4.sub
          f32x4.convert_i32x4_s
          local.get $11
          v128.load32_splat
          local.tee $33
          f32x4.mul
          local.get $8
          v128.load16x4_s align=2
          i32.const 13
          i32x4.shl
          i32.const 1104
          v128.load32_splat
          local.tee $34
          v128.and
          i32.const 1108
          v128.load32_splat
          local.tee $35
          f32x4.mul
          local.get $25
          f32x4.relaxed_madd
          local.set $25
          local.get $36
          local.get $8
          v128.load offset=128
          local.tee $36
          local.get $18
          v128.and
          local.get $37
          local.get $8
          v128.load offset=96
          local.tee $37
          local.get $18
          v128.and
          local.get $38
          local.get $8
          v128.load offset=64
          local.tee $38
          local.get $18
          v128.and
          local.get $39
          local.get $8
          v128.load offset=32
          local.tee $39
          local.get $18
          v128.and
          v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000
          i32x4.relaxed_dot_i8x16_i7x16_add_s
          i32x4.relaxed_dot_i8x16_i7x16_add_s
          i32x4.relaxed_dot_i8x16_i7x16_add_s
          i32x4.relaxed_dot_i8x16_i7x16_add_s
          local.get $32
          local.get $36
          local.get $19
          v128.and
          local.get $41
          local.get $37
          local.get $19
          v128.and
          local.get $42
          local.get $38
          local.get $19
          v128.and
          local.get $43
          local.get $39
          local.get $19
          v128.and
          v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000
          i32x4.relaxed_dot_i8x16_i7x16_add_s
          i32x4.relaxed_dot_i8x16_i7x16_add_s
          i32x4.relaxed_dot_i8x16_i7x16_add_s
          i32x4.relaxed_dot_i8x16_i7x16_add_s
          i32.const 4
          i32x4.shr_s
          i32x4.add
          local.get $40
          i32x4.sub
          f32x4.convert_i32x4_s
          local.get $33
          f32x4.mul
          local.get $8
          i32.const 8
          i32.add
          v128.load16x4_s align=2
          i32.const 13
          i32x4.shl
          local.get $34
          v128.and
          local.get $35
          f32x4.mul
          local.get $26
          f32x4.relaxed_madd
          local.set $26
          local.get $9
          i32.const 32
          i32.add
          local.set $9
          local.get $8
          i32.const 144
          i32.add
          local.set $8
          local.get $11
          i32.const 4
          i32.add
          local.set $11
          local.get $12
          i32.const 4
          i32.add
          local.set $12
          br $for-loop|5
         end
        end
