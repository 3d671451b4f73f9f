  loop $for-loop|0
   local.get $2
   local.get $38
   i32.lt_u
   if
    local.get $38
    local.get $2
    i32.const 192
    i32.add
    i32.gt_u
    if
     local.get $2
     i32.load
     drop
     local.get $2
     i32.load offset=64
     drop
     local.get $2
     i32.load offset=128
     drop
    end
    local.get $2
    local.get $36
    i32.add
    local.set $2
    br $for-loop|0
   end
  end

       loop $for-loop|3
        local.get $2
        local.get $38
        i32.lt_u
        if
         local.get $38
         local.get $2
         i32.const 4096
         i32.add
         i32.const -4096
         i32.and
         local.tee $10
         i32.const 192
         i32.add
         i32.gt_u
         if
          local.get $10
          i32.load
          drop
          local.get $10
          i32.load offset=64
          drop
          local.get $10
          i32.load offset=128
          drop
         end
         local.get $2
         local.get $36
         i32.add
         local.set $2
         br $for-loop|3
        end
       end

        loop $for-loop|5
         local.get $14
         local.get $28
         i32.lt_u
         if
          local.get $14
          v128.load32_splat offset=12
          local.tee $27
          local.get $15
          v128.load offset=112
          local.tee $16
          local.get $41
          v128.and
          local.get $14
          v128.load32_splat offset=8
          local.tee $26
          local.get $15
          v128.load offset=80
          local.tee $17
          local.get $41
          v128.and
          local.get $14
          v128.load32_splat offset=4
          local.tee $25
          local.get $15
          v128.load offset=48
          local.tee $18
          local.get $41
          v128.and
          local.get $14
          v128.load32_splat
          local.tee $24
          local.get $15
          v128.load offset=16
          local.tee $19
          local.get $41
          v128.and
          v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000
          i32x4.relaxed_dot_i8x16_i7x16_add_s
          i32x4.relaxed_dot_i8x16_i7x16_add_s
          i32x4.relaxed_dot_i8x16_i7x16_add_s
          i32x4.relaxed_dot_i8x16_i7x16_add_s
          local.get $14
          v128.load32_splat offset=28
          local.tee $23
          local.get $16
          local.get $40
          v128.and
          local.get $14
          v128.load32_splat offset=24
          local.tee $22
          local.get $17
          local.get $40
          v128.and
          local.get $14
          v128.load32_splat offset=20
          local.tee $21
          local.get $18
          local.get $40
          v128.and
          local.get $14
          v128.load32_splat offset=16
          local.tee $20
          local.get $19
          local.get $40
          v128.and
          v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000
          i32x4.relaxed_dot_i8x16_i7x16_add_s
          i32x4.relaxed_dot_i8x16_i7x16_add_s
          i32x4.relaxed_dot_i8x16_i7x16_add_s
          i32x4.relaxed_dot_i8x16_i7x16_add_s
          i32.const 4
          i32x4.shr_s
          i32x4.add
          local.get $13
          v128.load32_splat
          i32.const 3
          i32x4.shl
          local.tee $19
          i32x4.sub
          f32x4.convert_i32x4_s
          local.get $10
          v128.load32_splat
          local.tee $18
          f32x4.mul
          local.get $15
          v128.load16x4_s align=2
          i32.const 13
          i32x4.shl
          i32.const 1104
          v128.load32_splat
          local.tee $17
          v128.and
          i32.const 1108
          v128.load32_splat
          local.tee $16
          f32x4.mul
          local.get $34
          f32x4.relaxed_madd
          local.set $34
          local.get $27
          local.get $15
          v128.load offset=128
          local.tee $27
          local.get $41
          v128.and
          local.get $26
          local.get $15
          v128.load offset=96
          local.tee $26
          local.get $41
          v128.and
          local.get $25
          local.get $15
          v128.load offset=64
          local.tee $25
          local.get $41
          v128.and
          local.get $24
          local.get $15
          v128.load offset=32
          local.tee $24
          local.get $41
          v128.and
          v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000
          i32x4.relaxed_dot_i8x16_i7x16_add_s
          i32x4.relaxed_dot_i8x16_i7x16_add_s
          i32x4.relaxed_dot_i8x16_i7x16_add_s
          i32x4.relaxed_dot_i8x16_i7x16_add_s
          local.get $23
          local.get $27
          local.get $40
          v128.and
          local.get $22
          local.get $26
          local.get $40
          v128.and
          local.get $21
          local.get $25
          local.get $40
          v128.and
          local.get $20
          local.get $24
          local.get $40
          v128.and
          v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000
          i32x4.relaxed_dot_i8x16_i7x16_add_s
          i32x4.relaxed_dot_i8x16_i7x16_add_s
          i32x4.relaxed_dot_i8x16_i7x16_add_s
          i32x4.relaxed_dot_i8x16_i7x16_add_s
          i32.const 4
          i32x4.shr_s
          i32x4.add
          local.get $19
          i32x4.sub
          f32x4.convert_i32x4_s
          local.get $18
          f32x4.mul
          local.get $15
          i32.const 8
          i32.add
          v128.load16x4_s align=2
          i32.const 13
          i32x4.shl
          local.get $17
          v128.and
          local.get $16
          f32x4.mul
          local.get $33
          f32x4.relaxed_madd
          local.set $33
          local.get $14
          i32.const 32
          i32.add
          local.set $14
          local.get $15
          i32.const 144
          i32.add
          local.set $15
          local.get $10
          i32.const 4
          i32.add
          local.set $10
          local.get $13
          i32.const 4
          i32.add
          local.set $13
          br $for-loop|5
         end
        end
