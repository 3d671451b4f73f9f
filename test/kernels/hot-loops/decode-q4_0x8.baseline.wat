  loop $for-loop|0
   local.get $0
   local.get $22
   i32.lt_u
   if
    local.get $22
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
    local.get $24
    i32.add
    local.set $0
    br $for-loop|0
   end
  end

       loop $for-loop|3
        local.get $1
        local.get $22
        i32.lt_u
        if
         local.get $22
         local.get $1
         i32.const 4096
         i32.add
         i32.const -4096
         i32.and
         local.tee $5
         i32.const 192
         i32.add
         i32.gt_u
         if
          local.get $5
          i32.load
          drop
          local.get $5
          i32.load offset=64
          drop
          local.get $5
          i32.load offset=128
          drop
         end
         local.get $1
         local.get $24
         i32.add
         local.set $1
         br $for-loop|3
        end
       end

        loop $for-loop|5
         local.get $8
         local.get $32
         i32.lt_u
         if
          local.get $9
          v128.load offset=16
          local.tee $42
          local.get $18
          v128.and
          local.get $8
          v128.load32_splat
          local.tee $47
          i32x4.dot_i16x8_s
          local.get $42
          i32.const 12
          i16x8.shr_u
          local.get $8
          v128.load32_splat offset=36
          local.tee $48
          i32x4.dot_i16x8_s
          i32x4.add
          local.get $9
          v128.load offset=48
          local.tee $43
          local.get $18
          v128.and
          local.get $8
          v128.load32_splat offset=8
          local.tee $49
          i32x4.dot_i16x8_s
          i32x4.add
          local.get $43
          i32.const 12
          i16x8.shr_u
          local.get $8
          v128.load32_splat offset=44
          local.tee $33
          i32x4.dot_i16x8_s
          i32x4.add
          local.get $9
          v128.load offset=80
          local.tee $44
          local.get $18
          v128.and
          local.get $8
          v128.load32_splat offset=16
          local.tee $34
          i32x4.dot_i16x8_s
          i32x4.add
          local.get $44
          i32.const 12
          i16x8.shr_u
          local.get $8
          v128.load32_splat offset=52
          local.tee $35
          i32x4.dot_i16x8_s
          i32x4.add
          local.get $9
          v128.load offset=112
          local.tee $45
          local.get $18
          v128.and
          local.get $8
          v128.load32_splat offset=24
          local.tee $36
          i32x4.dot_i16x8_s
          i32x4.add
          local.get $45
          i32.const 12
          i16x8.shr_u
          local.get $8
          v128.load32_splat offset=60
          local.tee $37
          i32x4.dot_i16x8_s
          i32x4.add
          local.get $42
          local.get $19
          v128.and
          local.get $8
          v128.load32_splat offset=32
          local.tee $38
          i32x4.dot_i16x8_s
          local.get $43
          local.get $19
          v128.and
          local.get $8
          v128.load32_splat offset=40
          local.tee $39
          i32x4.dot_i16x8_s
          i32x4.add
          local.get $44
          local.get $19
          v128.and
          local.get $8
          v128.load32_splat offset=48
          local.tee $40
          i32x4.dot_i16x8_s
          i32x4.add
          local.get $45
          local.get $19
          v128.and
          local.get $8
          v128.load32_splat offset=56
          local.tee $41
          i32x4.dot_i16x8_s
          i32x4.add
          i32.const 4
          i32x4.shr_s
          local.get $42
          local.get $20
          v128.and
          local.get $8
          v128.load32_splat offset=4
          local.tee $50
          i32x4.dot_i16x8_s
          local.get $43
          local.get $20
          v128.and
          local.get $8
          v128.load32_splat offset=12
          local.tee $51
          i32x4.dot_i16x8_s
          i32x4.add
          local.get $44
          local.get $20
          v128.and
          local.get $8
          v128.load32_splat offset=20
          local.tee $52
          i32x4.dot_i16x8_s
          i32x4.add
          local.get $45
          local.get $20
          v128.and
          local.get $8
          v128.load32_splat offset=28
          local.tee $53
          i32x4.dot_i16x8_s
          i32x4.add
          i32.const 8
          i32x4.shr_s
          i32x4.add
          i32x4.add
          local.get $12
          v128.load32_splat
          i32.const 3
          i32x4.shl
          local.tee $42
          i32x4.sub
          f32x4.convert_i32x4_s
          local.get $11
          v128.load32_splat
          local.tee $43
          f32x4.mul
          local.get $9
          v128.load16x4_s align=2
          i32.const 13
          i32x4.shl
          i32.const 1104
          v128.load32_splat
          local.tee $44
          v128.and
          i32.const 1108
          v128.load32_splat
          local.tee $45
          f32x4.mul
          f32x4.mul
          local.get $26
          f32x4.add
          local.set $26
          local.get $9
          v128.load offset=32
          local.tee $46
          local.get $18
          v128.and
          local.get $47
          i32x4.dot_i16x8_s
          local.get $46
          i32.const 12
          i16x8.shr_u
          local.get $48
          i32x4.dot_i16x8_s
          i32x4.add
          local.get $9
          v128.load offset=64
          local.tee $47
          local.get $18
          v128.and
          local.get $49
          i32x4.dot_i16x8_s
          i32x4.add
          local.get $47
          i32.const 12
          i16x8.shr_u
          local.get $33
          i32x4.dot_i16x8_s
          i32x4.add
          local.get $9
          v128.load offset=96
          local.tee $33
          local.get $18
          v128.and
          local.get $34
          i32x4.dot_i16x8_s
          i32x4.add
          local.get $33
          i32.const 12
          i16x8.shr_u
          local.get $35
          i32x4.dot_i16x8_s
          i32x4.add
          local.get $9
          v128.load offset=128
          local.tee $34
          local.get $18
          v128.and
          local.get $36
          i32x4.dot_i16x8_s
          i32x4.add
          local.get $34
          i32.const 12
          i16x8.shr_u
          local.get $37
          i32x4.dot_i16x8_s
          i32x4.add
          local.get $46
          local.get $19
          v128.and
          local.get $38
          i32x4.dot_i16x8_s
          local.get $47
          local.get $19
          v128.and
          local.get $39
          i32x4.dot_i16x8_s
          i32x4.add
          local.get $33
          local.get $19
          v128.and
          local.get $40
          i32x4.dot_i16x8_s
          i32x4.add
          local.get $34
          local.get $19
          v128.and
          local.get $41
          i32x4.dot_i16x8_s
          i32x4.add
          i32.const 4
          i32x4.shr_s
          local.get $46
          local.get $20
          v128.and
          local.get $50
          i32x4.dot_i16x8_s
          local.get $47
          local.get $20
          v128.and
          local.get $51
          i32x4.dot_i16x8_s
          i32x4.add
          local.get $33
          local.get $20
          v128.and
          local.get $52
          i32x4.dot_i16x8_s
          i32x4.add
          local.get $34
          local.get $20
          v128.and
          local.get $53
          i32x4.dot_i16x8_s
          i32x4.add
          i32.const 8
          i32x4.shr_s
          i32x4.add
          i32x4.add
          local.get $42
          i32x4.sub
          f32x4.convert_i32x4_s
          local.get $43
          f32x4.mul
          local.get $9
          i32.const 8
          i32.add
          v128.load16x4_s align=2
          i32.const 13
          i32x4.shl
          local.get $44
          v128.and
          local.get $45
          f32x4.mul
          f32x4.mul
          local.get $27
          f32x4.add
          local.set $27
          local.get $8
          i32.const -64
          i32.sub
          local.set $8
          local.get $9
          i32.const 144
          i32.add
          local.set $9
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
